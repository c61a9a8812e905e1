// SPDX-License-Identifier: Apache-2.0

// etcdload drives an etcd cluster over gRPC from a fixed number of closed-loop clients
// and prints throughput and latency: the figure that stands beside Aspen's own.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strings"
	"sync"
	"time"
)

const requestTimeout = 10 * time.Second

// plan is what the command line asked for.
type plan struct {
	endpoints   []string
	connections int
	clients     int
	operation   string
	seconds     int
	valueBytes  int
	keys        int
}

// outcome is what one or all clients saw: the latency of each request that succeeded.
type outcome struct {
	milliseconds []float64
	failed       int
	firstError   error
}

func (o *outcome) add(other outcome) {
	o.milliseconds = append(o.milliseconds, other.milliseconds...)
	o.failed += other.failed
	if o.firstError == nil {
		o.firstError = other.firstError
	}
}

func parseFlags() plan {
	endpoints := flag.String("endpoints", "127.0.0.1:2379", "comma-separated client endpoints")
	connections := flag.Int("connections", 8, "gRPC connections shared by the clients")
	clients := flag.Int("clients", 64, "closed-loop clients")
	operation := flag.String("op", "put", "put | get (linearizable) | sget (serializable) | fill (every key once)")
	seconds := flag.Int("seconds", 5, "length of the run; fill ends when it is done")
	valueBytes := flag.Int("value-bytes", 100, "value size, at least 8")
	keys := flag.Int("keys", 100000, "key space")
	flag.Parse()
	chosen := plan{strings.Split(*endpoints, ","), *connections, *clients, *operation, *seconds, *valueBytes, *keys}
	known := map[string]bool{"put": true, "get": true, "sget": true, "fill": true}
	if flag.NArg() > 0 || !known[chosen.operation] || chosen.connections < 1 || chosen.clients < 1 ||
		chosen.seconds < 1 || chosen.valueBytes < 8 || chosen.keys < 1 {
		flag.Usage()
		os.Exit(2)
	}
	return chosen
}

func connect(p plan) []*client {
	var pool []*client
	for i := 0; i < p.connections; i++ {
		c, err := newClient(p.endpoints)
		if err != nil {
			fmt.Fprintln(os.Stderr, "connect:", err)
			os.Exit(1)
		}
		pool = append(pool, c)
	}
	return pool
}

// runClient sends one request after the other until the end, or until its share of the keys is written.
func runClient(p plan, number int, c *client, end time.Time) outcome {
	random := rand.New(rand.NewSource(time.Now().UnixNano() + int64(number)))
	padding := strings.Repeat("x", p.valueBytes-8)
	var seen outcome
	next := number
	for {
		if p.operation == "fill" {
			if next >= p.keys {
				return seen
			}
		} else if !time.Now().Before(end) {
			return seen
		} else {
			next = random.Intn(p.keys)
		}
		key := fmt.Sprintf("key-%09d", next)
		value := padding + fmt.Sprintf("%08x", random.Uint32())
		next += p.clients
		at := time.Now()
		err := request(c, p.operation, key, value)
		if err != nil {
			seen.add(outcome{failed: 1, firstError: err})
			if p.operation == "fill" {
				return seen
			}
			continue
		}
		seen.milliseconds = append(seen.milliseconds, time.Since(at).Seconds()*1000)
	}
}

func request(c *client, operation, key, value string) error {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	var err error
	switch operation {
	case "put", "fill":
		_, err = c.Put(ctx, key, value)
	case "get":
		_, err = c.Get(ctx, key)
	case "sget":
		_, err = c.Get(ctx, key, withSerializable())
	}
	return err
}

func main() {
	p := parseFlags()
	pool := connect(p)
	begin := time.Now()
	end := begin.Add(time.Duration(p.seconds) * time.Second)
	var mu sync.Mutex
	var all outcome
	var wg sync.WaitGroup
	for i := 0; i < p.clients; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			mine := runClient(p, i, pool[i%len(pool)], end)
			mu.Lock()
			all.add(mine)
			mu.Unlock()
		}(i)
	}
	wg.Wait()
	elapsed := time.Since(begin).Seconds()
	n := len(all.milliseconds)
	if n == 0 {
		fmt.Fprintln(os.Stderr, "no request succeeded:", all.firstError)
		os.Exit(1)
	}
	sort.Float64s(all.milliseconds)
	fmt.Printf("etcd %s clients=%d: %.0f/s p50=%.3fms p99=%.3fms errors=%d\n",
		p.operation, p.clients, float64(n)/elapsed, all.milliseconds[n/2], all.milliseconds[n*99/100], all.failed)
}
