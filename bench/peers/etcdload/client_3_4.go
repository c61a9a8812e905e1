// SPDX-License-Identifier: Apache-2.0

//go:build !etcd35
// +build !etcd35

package main

import (
	"time"

	clientv3 "go.etcd.io/etcd/clientv3"
)

// The client library of etcd 3.4 (Debian 12).
type client = clientv3.Client

func newClient(endpoints []string) (*client, error) {
	return clientv3.New(clientv3.Config{Endpoints: endpoints, DialTimeout: 5 * time.Second})
}

func withSerializable() clientv3.OpOption { return clientv3.WithSerializable() }
