"""Addresses of what was promised and what happened."""

from django.urls import path

from programs.views import actionpoints, activities, visits, workplan

urlpatterns = [
    path("activities/", activities.ActivityList.as_view(), name="activities"),
    path("activities/new/", activities.RecordActivity.as_view(), name="record_activity"),
    path("activities/<int:pk>/", activities.activity, name="activity"),
    path("activities/<int:pk>/correct/", activities.CorrectActivity.as_view(), name="correct_activity"),
    path("activities/<int:pk>/evidence/", activities.AttachEvidence.as_view(), name="attach_evidence"),
    path("evidence/<uuid:pk>/", activities.open_evidence, name="open_evidence"),
    path("action-points/", actionpoints.ActionPointList.as_view(), name="action_points"),
    path("action-points/new/", actionpoints.RaiseActionPoint.as_view(), name="raise_action_point"),
    path("action-points/<int:pk>/", actionpoints.action_point, name="action_point"),
    path("action-points/<int:pk>/done/", actionpoints.FinishActionPoint.as_view(), name="finish_action_point"),
    path("action-points/<int:pk>/verify/", actionpoints.verify_action_point, name="verify_action_point"),
    path("action-points/<int:pk>/reopen/", actionpoints.ReopenActionPoint.as_view(), name="reopen_action_point"),
    path("action-points/<int:pk>/owner/", actionpoints.ReassignActionPoint.as_view(), name="reassign_action_point"),
    path("visits/", visits.VisitList.as_view(), name="visits"),
    path("visits/<int:pk>/", visits.visit, name="visit"),
    path("visits/<int:pk>/findings/", visits.AddFinding.as_view(), name="add_finding"),
    path("projects/<str:code>/visits/new/", visits.RecordVisit.as_view(), name="record_visit"),
    path("projects/<str:code>/plan/", workplan.WorkPlan.as_view(), name="work_plan"),
    path("projects/<str:code>/plan/new/", workplan.AddLine.as_view(), name="add_line"),
    path("plan-lines/<int:pk>/", workplan.ChangeLine.as_view(), name="change_line"),
    path("plan-lines/<int:pk>/move/", workplan.move_line, name="move_line"),
    path("clearances/", workplan.ClearanceList.as_view(), name="clearances"),
    path("clearances/new/", workplan.DecideClearance.as_view(), name="decide_clearance"),
    path("clearances/<int:pk>/suspend/", workplan.SuspendClearance.as_view(), name="suspend_clearance"),
    path("projects/<str:code>/sensitivity-reviews/", workplan.sensitivity_reviews, name="sensitivity_reviews"),
    path("projects/<str:code>/sensitivity-reviews/new/", workplan.RecordReview.as_view(), name="record_review"),
]
