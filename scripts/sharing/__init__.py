"""The study of weight sharing: its pieces of work, what they measure, and the page that shows it."""
