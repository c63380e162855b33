"""Addresses of the institutional level."""

from django.urls import path

from institutions.views import complaints, due_diligence, institutions, measured, reform, support

urlpatterns = [
    path("institutions/", institutions.InstitutionList.as_view(), name="institutions"),
    path("institutions/new/", institutions.RecordInstitution.as_view(), name="record_institution"),
    path("institutions/<int:pk>/", institutions.institution, name="institution"),
    path("institutions/<int:pk>/measured/evidence/", measured.evidence, name="institution_evidence"),
    path("institutions/<int:pk>/measured/", measured.measured, name="institution_measured"),
    path("institutions/<int:pk>/measured/act/", measured.ActOnArea.as_view(), name="act_on_area"),
    path("institutions/<int:pk>/change/", institutions.ChangeInstitution.as_view(), name="change_institution"),
    path("institutions/<int:pk>/projects/new/", institutions.EngageInstitution.as_view(), name="engage_institution"),
    path("institutions/<int:pk>/staff/", institutions.CountStaff.as_view(), name="count_staff"),
    path("institutions/<int:pk>/due-diligence/new/", due_diligence.PrepareAssessment.as_view(), name="prepare_assessment"),
    path("institutions/<int:pk>/support/new/", support.RecordSupport.as_view(), name="record_support"),
    path("institutions/<int:pk>/reform-steps/new/", reform.BeginReform.as_view(), name="begin_reform"),
    path("institutions/<int:pk>/complaints/", complaints.institution_complaints, name="institution_complaints"),
    path("institutions/<int:pk>/complaints/new/", complaints.CountComplaints.as_view(), name="count_complaints"),
    path("complaint-counts/", complaints.ComplaintList.as_view(), name="complaint_counts"),
    path("complaint-counts/<int:pk>/", complaints.RecountComplaints.as_view(), name="recount_complaints"),
    path("due-diligence/", due_diligence.AssessmentList.as_view(), name="due_diligence"),
    path("due-diligence/<uuid:pk>/", due_diligence.assessment, name="assessment"),
    path("due-diligence/<uuid:pk>/write/", due_diligence.WriteAssessment.as_view(), name="write_assessment"),
    path("due-diligence/<uuid:pk>/measures/new/", due_diligence.AddMeasure.as_view(), name="add_measure"),
    path("due-diligence/<uuid:pk>/log/new/", due_diligence.NoteEntry.as_view(), name="note_entry"),
    path("due-diligence/<uuid:pk>/decide/", due_diligence.DecideAssessment.as_view(), name="decide_assessment"),
    path("due-diligence/<uuid:pk>/send/", due_diligence.send_assessment, name="send_assessment"),
    path("due-diligence/<uuid:pk>/take-back/", due_diligence.take_back_assessment, name="take_back_assessment"),
    path("support/<int:pk>/", support.ChangeSupport.as_view(), name="change_support"),
    path("support-checks/", support.CheckList.as_view(), name="support_checks"),
    path("support-checks/<int:pk>/", support.RecordCheck.as_view(), name="record_check"),
    path("reform-steps/", reform.ReformList.as_view(), name="reform_steps"),
    path("reform-steps/<int:pk>/", reform.ChangeReform.as_view(), name="change_reform"),
    path("reform-steps/<int:pk>/stages/new/", reform.ReachStage.as_view(), name="reach_stage"),
]
