terraform import lambdasim_function_recursion_config.crawl 'crawl'
