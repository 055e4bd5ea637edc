// Command terraform-provider-lambdasim does not run on Windows itself: PostgreSQL's socket, file locks and the processes of
// functions are a Unix system's. In the Windows Subsystem for Linux it runs whole.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "lambdasim runs on Linux and macOS. On Windows, use it in the Windows Subsystem for Linux (https://learn.microsoft.com/windows/wsl): install Terraform there, and run the same commands.")
	os.Exit(1)
}
