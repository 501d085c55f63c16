// SPDX-License-Identifier: Apache-2.0
package main

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"time"
)

type store struct{ items map[string]int }

func (s *store) put(key string) { s.items[key] = 1 }

func rethrow() {
	defer func() { panic(fmt.Sprint("again: ", recover())) }()
	panic(errors.New("first\nsecond line"))
}

func main() {
	switch os.Args[1] {
	case "panic":
		go func() { time.Sleep(time.Hour) }()
		time.Sleep(10 * time.Millisecond)
		(&store{}).put("a")
	case "nil":
		var s *store
		fmt.Println(s.items["a"])
	case "rethrow":
		rethrow()
	case "fatal":
		m := map[int]int{}
		go func() { for { m[1]++ } }()
		for { m[1]++ }
	case "stack":
		debug.PrintStack()
	case "http":
		log.SetFlags(log.LstdFlags)
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			panic("in a handler")
		}))
		http.Get(server.URL)
		server.Close()
		log.Println("done")
	}
}
