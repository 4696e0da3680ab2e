"""The addresses that senders post to."""

from django.urls import path

from integrations.form_views import door
from integrations.views import hook

urlpatterns = [
    path("github/", hook, {"source": "github"}, name="hook-github"),
    path("form/<slug:trigger>/", door, name="hook-form"),
    path("standard/<slug:trigger>/", hook, {"source": "standard"}, name="hook-standard"),
]
