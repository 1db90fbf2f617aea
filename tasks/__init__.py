"""Tables and priors become episodes: functions from cells to scores, split into what is shown and what is asked."""
