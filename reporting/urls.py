"""Addresses of what was delivered."""

from django.urls import path

from reporting.views import donor_reports, entry, grants, records, review, versions

REPORT = "reports/<str:code>/<str:period>/<int:partner>/"

urlpatterns = [
    path("donor-reports/", donor_reports.DonorReportList.as_view(), name="donor_reports"),
    path("donor-reports/templates/", grants.word_templates, name="word_templates"),
    path("donor-reports/<int:pk>/", donor_reports.show, name="donor_report"),
    path("donor-reports/<int:pk>/acts/<slug:name>/", donor_reports.act, name="donor_report_act"),
    path("donor-reports/<int:pk>/comments/", donor_reports.comments, name="donor_report_comments"),
    path("donor-reports/<int:pk>/figures/<str:code>/", donor_reports.figure, name="donor_report_figure"),
    path("donor-reports/<int:pk>/figures/<str:code>/reason/", donor_reports.reason, name="donor_report_reason"),
    path("donor-reports/<int:pk>/files/<int:file>/", donor_reports.download, name="donor_report_file"),
    path("donor-reports/<int:pk>/files/<slug:kind>/ask/", donor_reports.ask_for_file, name="donor_report_ask_for_file"),
    path("donor-reports/<int:pk>/final/", donor_reports.final, name="donor_report_final"),
    path("donor-reports/<int:pk>/new-version/", donor_reports.new_version, name="donor_report_new_version"),
    path("donor-reports/<int:pk>/parts/", donor_reports.add_part, name="donor_report_add_part"),
    path("donor-reports/<int:pk>/parts/<slug:key>/", donor_reports.section, name="donor_report_section"),
    path("donor-reports/<int:pk>/parts/<slug:key>/remove/", donor_reports.remove_part, name="donor_report_remove_part"),
    path("donor-reports/<int:pk>/template/", donor_reports.choose_template, name="donor_report_template"),
    path("requirements/<int:pk>/start/", donor_reports.start, name="donor_report_start"),
    path("grants/", grants.GrantList.as_view(), name="grants"),
    path("grants/spending/", grants.SpendingList.as_view(), name="spending"),
    path("grants/<int:pk>/", grants.show, name="grant"),
    path("grants/<int:pk>/approved/", grants.approved, name="grant_approved"),
    path("grants/<int:pk>/spending/", grants.spending, name="grant_spending"),
    path(REPORT, entry.figures, name="report"),
    path(REPORT + "save/", entry.save, name="report_save"),
    path(REPORT + "checklist/", entry.checklist, name="report_checklist"),
    path(REPORT + "narrative/", entry.narrative, name="report_narrative"),
    path(REPORT + "spending/", entry.spending, name="report_spending"),
    path(REPORT + "attachments/", entry.files, name="report_attachments"),
    path(REPORT + "check/", entry.check, name="report_check"),
    path(REPORT + "history/", entry.history, name="report_history"),
    path(REPORT + "versions/", versions.versions, name="report_versions"),
    path(REPORT + "records/", records.records, name="report_records"),
    path(REPORT + "records/<int:pk>/take/", records.take, name="report_take"),
    path(REPORT + "extend/", review.extend, name="report_extend"),
    path(REPORT + "act/<slug:what>/", entry.act, name="report_act"),
    path(REPORT + "review/", review.page, name="review"),
    path(REPORT + "review/aside/", review.aside, name="review_aside"),
    path(REPORT + "review/reopen/", review.reopen, name="review_reopen"),
    path(REPORT + "review/<slug:what>/", review.act, name="review_act"),
    path("attachments/<uuid:key>/", entry.attachment, name="attachment"),
    path("review/", review.ReviewList.as_view(), name="review_list"),
]
