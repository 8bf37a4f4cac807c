"""Messages to the owner: Apprise and webhooks, who is told of what and when; docs/notifications.md."""
