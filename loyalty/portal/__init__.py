"""The shell of the member portal: joining, home, statement, terms, profile; shared page parts for the apps above."""
