"""The engine room: one file a noun. What people set up can be changed; history can only be read."""

from django.contrib import admin

from jobs.admin import artifact, client, delivery, event, job, receipt, review, run, task, token, trigger

__all__ = ["artifact", "client", "delivery", "event", "job", "receipt", "review", "run", "task", "token", "trigger"]

admin.site.site_header = "Nightdesk engine room"
admin.site.site_title = "Nightdesk"
admin.site.index_title = "Engine room"
admin.site.site_url = "/inbox/"
