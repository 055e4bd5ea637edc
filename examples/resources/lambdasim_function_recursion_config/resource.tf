# The function may write to the queue that invokes it.
resource "lambdasim_function_recursion_config" "crawl" {
  function_name  = "crawl"
  recursive_loop = "Allow"
}
