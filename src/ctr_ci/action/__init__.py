"""The door for GitHub Actions: `INPUT`s in, the commands run, outputs and reports out.

Runs the same commands as the command line, each as a process of its own whose output cannot act
as a workflow command. What they leave behind (findings, record, receipt) becomes annotations,
outputs and the job summary.
"""
