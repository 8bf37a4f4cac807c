"""What keeps a doorbell running unattended: health, systemd's watchdog, logs for a journal."""
