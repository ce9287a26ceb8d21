"""The tools we are measured against, each set up in its fastest sound way; what runs is in files beside this one."""
