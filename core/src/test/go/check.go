// SPDX-License-Identifier: Apache-2.0

// Checks a log that was exported as static files with golang.org/x/mod/sumdb, which shares no code
// with this project: the checkpoint's signature, every tile, every entry, and proofs made elsewhere.
// The test ThirdPartyTest runs it.
//
//	check export <folder> <vkey>   verify the log in a folder laid out as C2SP tlog-tiles says
//	check proofs <file>            verify proofs, one a line: inclusion or consistency, then fields
//	check sign <skey> <file>       print the file's text as a signed note
//	check notes <vkey> <file>      say of each note, one a line in hex, how it is read under the key
//	check vkeys <file>             say of each vkey, one a line in hex, whether it is one
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

func main() {
	if len(os.Args) < 3 {
		fail("usage: check export|proofs|sign|notes|vkeys ...")
	}
	switch os.Args[1] {
	case "export":
		checkExport(os.Args[2], os.Args[3])
	case "proofs":
		checkProofs(os.Args[2])
	case "sign":
		sign(os.Args[2], os.Args[3])
	case "notes":
		readNotes(os.Args[2], os.Args[3])
	case "vkeys":
		readKeys(os.Args[2])
	default:
		fail("unknown verb " + os.Args[1])
	}
}

func checkExport(folder, vkey string) {
	verifier, err := note.NewVerifier(vkey)
	must(err)
	opened, err := note.Open(read(filepath.Join(folder, "checkpoint")), note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	size := number(lines[1])
	tree := tlog.Tree{N: size, Hash: hash(lines[2])}

	// The reader authenticates every tile that it reads against the root.
	hashes := tlog.TileHashReader(tree, &tiles{folder})
	root, err := tlog.TreeHash(size, hashes)
	must(err)
	if root != tree.Hash {
		fail("the tiles do not make the root")
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
					fail(fmt.Sprintf("entry %d is not its leaf", n*256+int64(i)))
				}
				entries++
			}
		}
	}
	// Its own proofs from these tiles, checked by itself: the tiles serve every level.
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
	fmt.Printf("verified %d entries of %s\n", entries, lines[0])
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

// lines reads a file of one input a line, in hex; an empty line is an empty input.
func lines(file string) [][]byte {
	var inputs [][]byte
	for _, line := range strings.Split(strings.TrimSuffix(string(read(file)), "\n"), "\n") {
		input, err := hex.DecodeString(line)
		must(err)
		inputs = append(inputs, input)
	}
	return inputs
}

// tiles reads tiles from a folder. The paths of the Go checksum database name the height, those of
// C2SP do not.
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
