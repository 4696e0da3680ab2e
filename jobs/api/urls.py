"""The addresses of version 1. Any other address below it is answered with a problem, not a page."""

from django.urls import path, re_path

from jobs.api import job_views, review_views, views
from jobs.api.calls import Nowhere

app_name = "api"
urlpatterns = [
    path("jobs/", job_views.Jobs.as_view(), name="jobs"),
    path("jobs/<uuid:uid>/", job_views.OneJob.as_view(), name="job"),
    path("jobs/<uuid:uid>/cancel/", job_views.CancelJob.as_view(), name="cancel"),
    path("jobs/<uuid:uid>/retry/", job_views.RetryJob.as_view(), name="retry"),
    path("jobs/<uuid:uid>/events/", job_views.JobEvents.as_view(), name="events"),
    path("reviews/", review_views.Reviews.as_view(), name="reviews"),
    path("reviews/<int:pk>/", review_views.OneReview.as_view(), name="review"),
    path("reviews/<int:pk>/approve/", review_views.Approve.as_view(), name="approve"),
    path("reviews/<int:pk>/decline/", review_views.Decline.as_view(), name="decline"),
    path("reviews/<int:pk>/revise/", review_views.Revise.as_view(), name="revise"),
    path("reviews/<int:pk>/answer/", review_views.AnswerQuestion.as_view(), name="answer"),
    path("reviews/<int:pk>/acknowledge/", review_views.Acknowledge.as_view(), name="acknowledge"),
    path("reviews/<int:pk>/run/", review_views.RunNow.as_view(), name="run"),
    path("reviews/<int:pk>/undo/", review_views.Undo.as_view(), name="undo"),
    re_path(r"^artifacts/(?P<sha256>[0-9a-f]{64})/$", views.ArtifactBytes.as_view(), name="artifact"),
    path("triggers/", views.Triggers.as_view(), name="triggers"),
    path("clients/", views.Clients.as_view(), name="clients"),
    path("openapi.json", views.Document.as_view(), name="document"),
    re_path(r"", Nowhere.as_view(), name="nowhere"),
]
