// SPDX-License-Identifier: Apache-2.0

// Checks a log that was exported as static files: the checkpoint's signature, every tile, every
// entry, and proofs created elsewhere. It uses golang.org/x/mod/sumdb, which shares no code with
// this project. docs/verification.md explains how to build and use it; ThirdPartyTest runs it.
//
//	check export <folder> <vkey>...
//	                               verify the log in a folder with the layout of C2SP tlog-tiles
//	check growth <folder> <file> <vkey>...
//	                               verify that the log continues the checkpoint in a file
//	check proof <file> <vkey>...   verify a .tlog-proof that contains its record; print the record
//
// After a key rotation a log has several vkeys. One of them must have signed the checkpoint.
//
// For tests only:
//
//	check proofs <file>            verify inclusion and consistency proofs, one per line
//	check sign <skey> <file>       print the file's text as a signed note
//	check notes <vkey> <file>      print the result for each note, one per line in hex
//	check vkeys <file>             print for each vkey, one per line in hex, if it is valid
//	check write <folder> <skey> <size>...
//	                               write a log of numbered entries, signed at each of the sizes
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// How many leaves are read from the tiles at a time.
const batch = 4096

const usage = `usage:
	check export <folder> <vkey>...
	check growth <folder> <kept checkpoint> <vkey>...
	check proof <file> <vkey>...`

func main() {
	switch args := os.Args[1:]; {
	case is(args, "export", 3):
		checkExport(args[1], args[2:])
	case is(args, "growth", 4):
		checkGrowth(args[1], args[2], args[3:])
	case is(args, "proof", 3):
		checkProof(args[1], args[2:])
	case is(args, "proofs", 2):
		checkProofs(args[1])
	case is(args, "sign", 3):
		sign(args[1], args[2])
	case is(args, "notes", 3):
		readNotes(args[1], args[2])
	case is(args, "vkeys", 2):
		readKeys(args[1])
	case is(args, "write", 3):
		writeLog(args[1], args[2], args[3:])
	default:
		fail(usage)
	}
}

func is(args []string, verb string, least int) bool {
	return len(args) >= least && args[0] == verb
}

func checkExport(folder string, vkeys []string) {
	origin, tree := checkpoint(read(filepath.Join(folder, "checkpoint")), vkeys)
	size := tree.N

	// The reader authenticates every tile that it reads against the root.
	hashes := tlog.TileHashReader(tree, &tiles{folder})
	root, err := tlog.TreeHash(size, hashes)
	must(err)
	if root != tree.Hash {
		fail("the tiles have another root")
	}
	entries := 0
	for start := int64(0); start < size; start += batch {
		end := start + batch
		if end > size {
			end = size
		}
		var indexes []int64
		for i := start; i < end; i++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, i))
		}
		leaves, err := hashes.ReadHashes(indexes)
		must(err)
		for n := start / 256; n*256 < end; n++ {
			for i, entry := range bundle(folder, n, size) {
				if tlog.RecordHash(entry) != leaves[n*256+int64(i)-start] {
					fail(fmt.Sprintf("entry %d does not match its leaf", n*256+int64(i)))
				}
				entries++
			}
		}
	}
	// sumdb creates proofs from these tiles and checks them, which reads tiles of every level.
	for n := int64(0); n < size; n += 997 {
		proof, err := tlog.ProveRecord(size, n, hashes)
		must(err)
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
		must(err)
		must(tlog.CheckRecord(proof, size, root, n, leaf[0]))
		older, err := tlog.TreeHash(n+1, hashes)
		must(err)
		growth, err := tlog.ProveTree(size, n+1, hashes)
		must(err)
		must(tlog.CheckTree(growth, size, root, n+1, older))
	}
	fmt.Printf("verified %d entries of %s\n", entries, origin)
}

// checkGrowth verifies that the current log continues an earlier checkpoint: the tiles must prove
// that the log still begins with the entries that the checkpoint covers.
func checkGrowth(folder, file string, vkeys []string) {
	origin, kept := checkpoint(read(file), vkeys)
	name, tree := checkpoint(read(filepath.Join(folder, "checkpoint")), vkeys)
	if name != origin {
		fail(fmt.Sprintf("the kept checkpoint is of log %s, but this log is %s", origin, name))
	}
	if tree.N < kept.N {
		fail(fmt.Sprintf("the log was rolled back: it has %d entries, and signed %d", tree.N, kept.N))
	}
	if kept.N > 0 { // every log continues an empty one
		proof, err := tlog.ProveTree(tree.N, kept.N, tlog.TileHashReader(tree, &tiles{folder}))
		must(err)
		if tlog.CheckTree(proof, tree.N, tree.Hash, kept.N, kept.Hash) != nil {
			fail(fmt.Sprintf("the log was forked: its first %d entries are not those it signed", kept.N))
		}
	}
	fmt.Printf("grown from %d to %d entries of %s\n", kept.N, tree.N, origin)
}

// checkpoint verifies a signed checkpoint, and returns the name and the tree of its log. One of the
// keys must have signed it under that name.
func checkpoint(signed []byte, vkeys []string) (string, tlog.Tree) {
	var known []note.Verifier
	for _, vkey := range vkeys {
		verifier, err := note.NewVerifier(vkey)
		if err != nil && strings.Contains(err.Error(), "unknown verifier algorithm") {
			fmt.Fprintln(os.Stderr, "not checked: the signature of a key that is not Ed25519")
			continue
		}
		must(err)
		known = append(known, verifier)
	}
	opened, err := note.Open(signed, note.VerifierList(known...))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 {
		fail("not a checkpoint: " + opened.Text)
	}
	for _, signature := range opened.Sigs {
		if signature.Name == lines[0] {
			return lines[0], tlog.Tree{N: number(lines[1]), Hash: hash(lines[2])}
		}
	}
	fail("a checkpoint of " + lines[0] + ", which no given key signed")
	panic("not reached")
}

// checkProof verifies a C2SP tlog-proof. The record is the first line of its extra data.
func checkProof(file string, vkeys []string) {
	head, signed, found := strings.Cut(string(read(file)), "\n\n")
	if !found {
		fail("no empty line before the checkpoint")
	}
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" || len(lines) < 3 {
		fail("not a tlog-proof that contains a record")
	}
	extra, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	must(err)
	record, _, _ := strings.Cut(string(extra), "\n")
	index := number(strings.TrimPrefix(lines[2], "index "))
	var path []tlog.Hash
	for _, line := range lines[3:] {
		path = append(path, hash(line))
	}
	origin, tree := checkpoint([]byte(signed), vkeys)
	must(tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash([]byte(record))))
	fmt.Printf("entry %d of %d of %s: %s\n", index, tree.N, origin, record)
}

func checkProofs(file string) {
	checked := 0
	for _, line := range strings.Split(strings.TrimSpace(string(read(file))), "\n") {
		f := strings.Fields(line)
		var path []tlog.Hash
		for _, each := range f[5:] {
			path = append(path, hash(each))
		}
		switch f[0] {
		case "inclusion": // size root index leaf path...
			must(tlog.CheckRecord(path, number(f[1]), hash(f[2]), number(f[3]), hash(f[4])))
		case "consistency": // newer size, its root, older size, its root, path...
			must(tlog.CheckTree(path, number(f[1]), hash(f[2]), number(f[3]), hash(f[4])))
		default:
			fail("unknown proof " + f[0])
		}
		checked++
	}
	fmt.Printf("verified %d proofs\n", checked)
}

func sign(skey, file string) {
	signer, err := note.NewSigner(skey)
	must(err)
	signed, err := note.Sign(&note.Note{Text: string(read(file))}, signer)
	must(err)
	os.Stdout.Write(signed)
}

func readNotes(vkey, file string) {
	verifier, err := note.NewVerifier(vkey)
	must(err)
	known := note.VerifierList(verifier)
	for _, input := range lines(file) {
		_, err := note.Open(input, known)
		switch err.(type) {
		case nil:
			fmt.Println("verified")
		case *note.UnverifiedNoteError:
			fmt.Println("unverified")
		case *note.InvalidSignatureError:
			fmt.Println("invalid")
		default:
			fmt.Println("malformed")
		}
	}
}

func readKeys(file string) {
	for _, input := range lines(file) {
		if _, err := note.NewVerifier(string(input)); err != nil {
			fmt.Println("malformed")
		} else {
			fmt.Println("verified")
		}
	}
}

// lines reads a file with one input per line, in hex. An empty line is an empty input.
func lines(file string) [][]byte {
	var inputs [][]byte
	for _, line := range strings.Split(strings.TrimSuffix(string(read(file)), "\n"), "\n") {
		input, err := hex.DecodeString(line)
		must(err)
		inputs = append(inputs, input)
	}
	return inputs
}

func writeLog(folder, skey string, sizes []string) {
	signer, err := note.NewSigner(skey)
	must(err)
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, each := range indexes {
			hashes = append(hashes, stored[each])
		}
		return hashes, nil
	})
	old := int64(0)
	for _, text := range sizes {
		size := number(text)
		for n := old; n < size; n++ {
			hashes, err := tlog.StoredHashes(n, entry(n), reader)
			must(err)
			stored = append(stored, hashes...)
		}
		for _, tile := range tlog.NewTiles(8, old, size) {
			// Older versions of tlog also return the widths in between, which no checkpoint covers.
			if tile.W < 256 && int64(tile.W) != size>>(8*tile.L)%256 {
				continue
			}
			data, err := tlog.ReadTileData(tile, reader)
			must(err)
			write(filepath.Join(folder, "tile", strings.TrimPrefix(tile.Path(), "tile/8/")), data)
		}
		for n := old / 256; n*256 < size; n++ {
			tile := tlog.Tile{H: 8, L: 0, N: n, W: 256}
			if (n+1)*256 > size {
				tile.W = int(size - n*256)
			}
			var data []byte
			for i := n * 256; i < n*256+int64(tile.W); i++ {
				data = binary.BigEndian.AppendUint16(data, uint16(len(entry(i))))
				data = append(data, entry(i)...)
			}
			path := strings.TrimPrefix(tile.Path(), "tile/8/0/")
			write(filepath.Join(folder, "tile/entries", path), data)
		}
		root, err := tlog.TreeHash(size, reader)
		must(err)
		text := fmt.Sprintf("%s\n%d\n%s\n", signer.Name(), size, root)
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		must(err)
		write(filepath.Join(folder, "checkpoint"), signed)
		old = size
	}
}

// The entries that ThirdPartyTest appends.
func entry(n int64) []byte {
	return []byte(fmt.Sprintf("entry %d %s", n, strings.Repeat("x", int(n%300))))
}

func write(file string, data []byte) {
	must(os.MkdirAll(filepath.Dir(file), 0o777))
	must(os.WriteFile(file, data, 0o666))
}

// tiles reads tiles from a folder. The paths of the Go checksum database contain the tile height;
// the paths of C2SP do not.
type tiles struct{ folder string }

func (t *tiles) Height() int { return 8 }

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(t.folder, path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func bundle(folder string, n, size int64) [][]byte {
	tile := tlog.Tile{H: 8, L: 0, N: n, W: 256}
	if (n+1)*256 > size {
		tile.W = int(size - n*256)
	}
	path := "tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/0/")
	data := read(filepath.Join(folder, path))
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			fail(path + ": cut short")
		}
		length := int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:2+length])
		data = data[2+length:]
	}
	if len(entries) != tile.W {
		fail(fmt.Sprintf("%s: %d entries instead of %d", path, len(entries), tile.W))
	}
	return entries
}

func hash(text string) tlog.Hash {
	bytes, err := base64.StdEncoding.DecodeString(text)
	must(err)
	var h tlog.Hash
	if len(bytes) != len(h) {
		fail("not a hash: " + text)
	}
	copy(h[:], bytes)
	return h
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	must(err)
	return n
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
	fmt.Fprintln(os.Stderr, "check: "+message)
	os.Exit(1)
}
