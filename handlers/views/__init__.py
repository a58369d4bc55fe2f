"""What people see: one pure function per message, facts in, Slack's blocks out."""
