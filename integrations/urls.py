"""The addresses that senders post to."""

from django.urls import path, re_path

from integrations import slack_views
from integrations.form_views import door
from integrations.views import hook

urlpatterns = [
    path("github/", hook, {"source": "github"}, name="hook-github"),
    # One door for all that Slack sends; its three addresses may be this one too.
    path("slack/", slack_views.hook, name="hook-slack"),
    re_path(r"^slack/(?:commands|events|interactions)/$", slack_views.hook),
    path("form/<slug:trigger>/", door, name="hook-form"),
    path("standard/<slug:trigger>/", hook, {"source": "standard"}, name="hook-standard"),
]
