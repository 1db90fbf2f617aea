"""The study of initialisation and query times: who is shown what, what it costs, who is best with which budget."""
