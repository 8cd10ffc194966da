//! What one look at the calendar says about a meeting.
