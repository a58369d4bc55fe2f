"""GitHub: one client for whoever needs it: who we are there, its limits, its errors in our words."""
