"""The addresses that senders post to."""

from django.urls import path, re_path

from integrations import notion_views, slack_views
from integrations.form_views import door
from integrations.mail_views import door as mail_door
from integrations.views import hook

urlpatterns = [
    # The busiest first: they are tried in this order.
    path("standard/<slug:trigger>/", hook, {"source": "standard"}, name="hook-standard"),
    path("form/<slug:trigger>/", door, name="hook-form"),
    path("github/", hook, {"source": "github"}, name="hook-github"),
    # One door for all that Slack sends; its three addresses may be this one too.
    path("slack/", slack_views.hook, name="hook-slack"),
    re_path(r"^slack/(?:commands|events|interactions)/$", slack_views.hook),
    path("notion/", notion_views.hook, name="hook-notion"),
    path("mail/", hook, {"source": "mail"}, name="hook-mail"),
    # The addresses as django-anymail has them: Mailgun sends raw mail to one with "mime" in it.
    re_path(r"^mail/(?P<esp>[a-z_]+)/tracking/$", mail_door, {"tracks": True}, name="hook-mail-tracking"),
    re_path(r"^mail/(?P<esp>[a-z_]+)/(?:inbound(?:_mime)?/)?$", mail_door, name="hook-mail-provider"),
]
