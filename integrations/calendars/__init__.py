"""Calendars: freezes that come by a rule or from somebody's calendar, and all of them as a calendar to subscribe to."""
