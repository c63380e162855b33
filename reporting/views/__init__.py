"""Pages of a partner's report: entry for those who report, review for those who decide."""
