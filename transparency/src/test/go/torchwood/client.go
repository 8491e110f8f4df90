// SPDX-License-Identifier: Apache-2.0

// Reads a log with filippo.io/torchwood, a client for C2SP tlog-tiles that shares no code with this
// project. A log is given as a folder that was exported, or as the address at which a daemon serves
// it. The policy is a file with the keys of the logs and witnesses, one "log" or "witness" line
// each. TorchwoodTest runs this program.
//
//	client log <folder or address> <policy>   verify the checkpoint and every entry
//	client growth <older checkpoint> <folder or address> <policy>
//	                                          verify that the log continues an older checkpoint
//	client proof <file> <policy>              verify a .tlog-proof that contains its record
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	switch args := os.Args[1:]; {
	case len(args) == 3 && args[0] == "log":
		checkLog(args[1], policy(args[2]))
	case len(args) == 4 && args[0] == "growth":
		checkGrowth(args[1], args[2], policy(args[3]))
	case len(args) == 3 && args[0] == "proof":
		checkProof(args[1], policy(args[2]))
	default:
		fail("usage: client log|growth|proof ...")
	}
}

// checkLog iterates over all entries, which the client authenticates against the checkpoint. It also
// lets the client prove single entries.
func checkLog(place string, policy torchwood.Policy) {
	tiles := open(place)
	checkpoint := latest(tiles, policy)
	client, err := torchwood.NewClient(tiles)
	must(err)
	entries := int64(0)
	for index := range client.AllEntries(context.Background(), checkpoint.Tree, 0) {
		if index != entries {
			fail(fmt.Sprintf("entry %d instead of %d", index, entries))
		}
		entries++
	}
	must(client.Err())
	if entries != checkpoint.N {
		fail(fmt.Sprintf("%d entries instead of %d", entries, checkpoint.N))
	}
	proven := 0
	for index := int64(0); index < entries; index += 1 + entries/50 {
		entry, proof, err := client.Entry(context.Background(), checkpoint.Tree, index)
		must(err)
		must(tlog.CheckRecord(proof, checkpoint.N, checkpoint.Hash, index, tlog.RecordHash(entry)))
		proven++
	}
	fmt.Printf("read %d entries of %s, %d by a proof\n", entries, checkpoint.Origin, proven)
}

func checkGrowth(file, place string, policy torchwood.Policy) {
	older := verified(read(file), policy)
	tiles := open(place)
	newer := latest(tiles, policy)
	if older.Origin != newer.Origin {
		fail("checkpoints of two logs")
	}
	hashes := torchwood.TileHashReaderWithContext(context.Background(), newer.Tree, tiles)
	proof, err := tlog.ProveTree(newer.N, older.N, hashes)
	must(err)
	must(tlog.CheckTree(proof, newer.N, newer.Hash, older.N, older.Hash))
	fmt.Printf("grown from %d to %d entries of %s\n", older.N, newer.N, newer.Origin)
}

// checkProof verifies a receipt. Its record is the first line of its extra data.
func checkProof(file string, policy torchwood.Policy) {
	proof := read(file)
	extra, err := torchwood.ProofExtraData(proof)
	must(err)
	record, _, _ := strings.Cut(string(extra), "\n")
	must(torchwood.VerifyProof(policy, tlog.RecordHash([]byte(record)), proof))
	fmt.Printf("proven: %s\n", record)
}

type source interface {
	torchwood.TileReader
	ReadEndpoint(context.Context, string) ([]byte, error)
}

func open(place string) source {
	if strings.HasPrefix(place, "http://") {
		fetcher, err := torchwood.NewTileFetcher(place)
		must(err)
		return fetcher
	}
	folder, err := torchwood.NewTileFS(os.DirFS(place))
	must(err)
	return folder
}

func latest(tiles source, policy torchwood.Policy) torchwood.Checkpoint {
	signed, err := tiles.ReadEndpoint(context.Background(), "checkpoint")
	must(err)
	return verified(signed, policy)
}

func verified(signed []byte, policy torchwood.Policy) torchwood.Checkpoint {
	checkpoint, _, err := torchwood.VerifyCheckpoint(signed, policy)
	must(err)
	return checkpoint
}

func policy(file string) torchwood.Policy {
	parsed, err := torchwood.ParsePolicy(read(file))
	must(err)
	return parsed
}

func read(file string) []byte {
	data, err := os.ReadFile(file)
	must(err)
	return data
}

func must(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, "client: "+message)
	os.Exit(1)
}
