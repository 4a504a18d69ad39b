// Command checker reads a ledger by its URL prefix as any tool for c2sp.org/tlog-tiles does, with the Go project's own
// libraries: it opens the checkpoint, and proves that an entry is in it and that an earlier tree is the beginning of it.
//
//	checker PREFIX VERIFIER-KEY OLD-CHECKPOINT-FILE INDEX ENTRY-FILE
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(prefix, key, oldFile, index, entryFile string) error {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	signed, err := get(prefix + "/checkpoint")
	if err != nil {
		return err
	}
	now, err := open(signed, verifier)
	if err != nil {
		return fmt.Errorf("the checkpoint: %w", err)
	}
	earlier, err := os.ReadFile(oldFile)
	if err != nil {
		return err
	}
	old, err := open(earlier, verifier)
	if err != nil {
		return fmt.Errorf("the earlier checkpoint: %w", err)
	}
	// This reader believes no tile that does not lead to the tree's root.
	reader := tlog.TileHashReader(now, tiles{prefix})

	number, err := strconv.ParseInt(index, 10, 64)
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(entryFile)
	if err != nil {
		return err
	}
	inclusion, err := tlog.ProveRecord(now.N, number, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(inclusion, now.N, now.Hash, number, tlog.RecordHash(entry)); err != nil {
		return fmt.Errorf("entry %d: %w", number, err)
	}
	consistency, err := tlog.ProveTree(now.N, old.N, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(consistency, now.N, now.Hash, old.N, old.Hash); err != nil {
		return fmt.Errorf("from %d to %d entries: %w", old.N, now.N, err)
	}
	fmt.Printf("%s: %d entries; entry %d is among them; the first %d are those of before\n", verifier.Name(), now.N, number, old.N)
	return nil
}

func open(signed []byte, verifier note.Verifier) (tlog.Tree, error) {
	checkpoint, extensions, _, err := log.ParseCheckpoint(signed, verifier.Name(), verifier)
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(extensions) > 0 {
		return tlog.Tree{}, fmt.Errorf("it has extension lines")
	}
	tree := tlog.Tree{N: int64(checkpoint.Size)}
	if copy(tree.Hash[:], checkpoint.Hash) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("its root has %d bytes", len(checkpoint.Hash))
	}
	return tree, nil
}

// tiles reads tiles of height 8, whose paths on c2sp.org/tlog-tiles lack the height.
type tiles struct{ prefix string }

func (t tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	all := make([][]byte, 0, len(wanted))
	for _, tile := range wanted {
		data, err := get(t.prefix + "/" + strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func get(url string) ([]byte, error) {
	response, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, 1<<20))
}
