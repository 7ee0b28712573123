"""Where packets lie and where files are cut: pure but for what is reported."""
