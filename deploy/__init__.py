"""Installing and running the portal: the commands of the ``portal`` script, and files for machines that run it for good."""
