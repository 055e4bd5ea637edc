package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// settle is how long an idle backend is left alone before its memory is looked at.
const settle = 3 * time.Second

// starts measures from the start of the real binary to the line that says that it answers: on a new state folder, and on the
// one that it left; and the memory of the second one, which nobody has asked for anything yet.
func starts(_ context.Context, w *world, s settings, t *table) error {
	w.run++
	state := filepath.Join(w.dir, fmt.Sprintf("start-%d", w.run))
	first, err := start(w.binary, state)
	if err != nil {
		return err
	}
	if err := first.stop(); err != nil {
		return err
	}
	second, err := start(w.binary, state)
	if err != nil {
		return err
	}
	t.add("start to ready, new state folder", "s", aim{value: 2}, first.ready.Seconds(), nil)
	t.add("start to ready, second time", "s", aim{value: 0.5}, second.ready.Seconds(), nil)
	if !s.quick {
		time.Sleep(settle)
	}
	own, tree, err := memory(second.cmd.Process.Pid)
	if err != nil {
		return err
	}
	t.add("resident memory of the idle backend", "MiB", aim{value: 40}, own, nil)
	t.add("the same with its PostgreSQL (shared pages counted once)", "MiB", aim{}, tree, nil)
	return second.stop()
}

// memory is the resident memory of a process, and the proportional one of its whole tree, in MiB.
func memory(pid int) (own, tree float64, err error) {
	if own, err = kilobytes(fmt.Sprintf("/proc/%d/status", pid), "VmRSS:"); err != nil {
		return 0, 0, err
	}
	for _, p := range treeOf(pid) {
		if pss, err := kilobytes(fmt.Sprintf("/proc/%d/smaps_rollup", p), "Pss:"); err == nil { // one that has ended uses none
			tree += pss
		}
	}
	return own / 1024, tree / 1024, nil
}

func kilobytes(path, field string) (float64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == field {
			return strconv.ParseFloat(words[1], 64)
		}
	}
	return 0, fmt.Errorf("%s has no %s", path, field)
}

// stat are the fields of /proc/PID/stat after the program's name; the first is the state.
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text)[strings.LastIndexByte(string(text), ')')+1:])
}

// treeOf is a process with all that it has started, directly or not.
func treeOf(root int) []int {
	parents := map[int][]int{}
	paths, _ := filepath.Glob("/proc/[0-9]*")
	for _, path := range paths {
		pid, _ := strconv.Atoi(filepath.Base(path))
		if fields := stat(pid); len(fields) > 1 {
			parent, _ := strconv.Atoi(fields[1])
			parents[parent] = append(parents[parent], pid)
		}
	}
	tree := []int{root}
	for i := 0; i < len(tree); i++ {
		tree = append(tree, parents[tree[i]]...)
	}
	return tree
}

// idle measures, once in all rounds, what a thousand enabled mappings cost when nothing comes: the share of one processor
// core that the backend and its PostgreSQL use, and the backend's memory.
func idle(ctx context.Context, w *world, s settings, t *table) error {
	if !w.once("idle") {
		return nil
	}
	streams, functions, watch := 10, 100, 5*time.Second
	if s.quick {
		streams, functions, watch = 2, 5, 100*time.Millisecond
	}
	p, err := start(w.binary, filepath.Join(w.dir, "idle"))
	if err != nil {
		return err
	}
	defer func() { _ = p.stop() }()
	c := newClients(p.url, p.cmd.Process.Pid)
	if err := thousand(ctx, c, streams, functions); err != nil {
		return err
	}
	if !s.quick {
		time.Sleep(2 * settle)
	}
	before := ticksOfTree(p.cmd.Process.Pid)
	time.Sleep(watch)
	used := (time.Duration(ticksOfTree(p.cmd.Process.Pid)-before) * tick).Seconds() / watch.Seconds()
	own, _, err := memory(p.cmd.Process.Pid)
	if err != nil {
		return err
	}
	mappings := strconv.Itoa(streams*functions) + " idle mappings"
	t.add(mappings+", share of a core", "%", aim{value: 1}, 100*used, nil)
	t.add(mappings+", memory of the backend", "MiB", aim{}, own, nil)
	return nil
}

// thousand maps every stream to every function.
func thousand(ctx context.Context, c *clients, streams, functions int) error {
	if err := makeRole(ctx, c); err != nil {
		return err
	}
	for i := range streams {
		if _, err := c.kinesis.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String(fmt.Sprintf("s%d", i)), ShardCount: aws.Int32(1)}); err != nil {
			return err
		}
	}
	const workers = 8
	failures := make([]error, workers)
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			for f := worker; f < functions && failures[worker] == nil; f += workers {
				failures[worker] = mapped(ctx, c, fmt.Sprintf("f%d", f), streams)
			}
		})
	}
	all.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

// mapped makes a function, a small one that never runs, with a mapping from each stream.
func mapped(ctx context.Context, c *clients, function string, streams int) error {
	code, err := archive("main.py", []byte("def handler(event, context): pass\n"))
	if err != nil {
		return err
	}
	_, err = c.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{FunctionName: &function, Role: aws.String(role),
		Runtime: types.RuntimePython312, Handler: aws.String("main.handler"), Code: &types.FunctionCode{ZipFile: code}})
	if err != nil {
		return err
	}
	for i := range streams {
		if err := makeMapping(ctx, c, fmt.Sprintf("s%d", i), function, batchSize); err != nil {
			return err
		}
	}
	return nil
}
