"""Tables and priors become episodes: functions from cells to scores, split into context and targets."""
