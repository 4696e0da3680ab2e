"""Addresses. Each room brings its own."""

from django.contrib import admin
from django.urls import include, path

from config.health import healthz

urlpatterns = [
    path("hooks/", include("integrations.urls")),
    path("api/v1/", include("jobs.api.urls")),
    path("healthz", healthz, name="healthz"),
    path("admin/", admin.site.urls),
    path("", include("jobs.inbox.urls")),
]
