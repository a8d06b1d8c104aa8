"""Many recordings at once: jobs, who performs them, and a journal that lets a stopped batch go on."""
