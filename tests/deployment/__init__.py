"""The files for running Doorward, each judged by the program that it is for."""
