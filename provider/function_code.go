package provider

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// zipped is the deployment package at a path: a zip file as it is; a folder or a single file zipped here. The same files
// give the same bytes: entries are sorted, have one fixed time, and only tell programs from other files.
func zipped(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return zipFolder(path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if _, err := zip.NewReader(bytes.NewReader(data), int64(len(data))); err == nil {
		return data, nil
	}
	if filepath.Ext(path) == ".zip" {
		return nil, fmt.Errorf("%s is called a zip file, but is none", path)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if err := addFile(w, filepath.Base(path), info.Mode(), data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func zipFolder(root string) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error { // in the order of the names
		if err != nil || d.IsDir() {
			return err
		}
		info, err := os.Stat(path) // a link is packed as what it points to
		if err != nil || info.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return addFile(w, filepath.ToSlash(name), info.Mode(), data)
	})
	if err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// packed is the time of every entry: the earliest that a zip file can hold.
var packed = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

func addFile(w *zip.Writer, name string, mode fs.FileMode, data []byte) error {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: packed}
	h.SetMode(0o644)
	if mode&0o111 != 0 {
		h.SetMode(0o755)
	}
	f, err := w.CreateHeader(h)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return err
}

// codeHash is a package's CodeSha256.
func codeHash(data []byte) string {
	sum := sha256.Sum256(data)
	return base64.StdEncoding.EncodeToString(sum[:])
}
