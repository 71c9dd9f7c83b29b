"""The commands of the course: the set-up, JupyterLab, services, the reader's copies."""
