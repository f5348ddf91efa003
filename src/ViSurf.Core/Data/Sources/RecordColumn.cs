using Parquet.Schema;

namespace ViSurf.Core.Data.Sources;

/// <summary>
/// A column of a row group put together again row by row: a leaf's value, a dictionary for a struct, a list for a list, null where it is
/// not defined. The record assembly of Dremel (Melnik et al., 2010), for one row at a time.
/// </summary>
internal sealed class RecordColumn
{
    private readonly Field _field;
    private readonly LeafEntries[] _leaves;
    private readonly int[]?[] _starts;

    /// <param name="field">The column.</param>
    /// <param name="leaves">Its leaves, in the order of the schema.</param>
    /// <param name="rows">Rows of the group.</param>
    /// <param name="place">File and row group.</param>
    /// <exception cref="InvalidDataException">The leaves have not that many rows.</exception>
    public RecordColumn(Field field, LeafEntries[] leaves, int rows, string place)
    {
        (_field, _leaves) = (field, leaves);
        // A row begins where nothing repeats.
        _starts = [.. leaves.Select(leaf => leaf.Repetition is { } levels ? Enumerable.Range(0, levels.Length).Where(i => levels[i] == 0).ToArray() : null)];
        for (var i = 0; i < leaves.Length; i++)
            if ((_starts[i]?.Length ?? leaves[i].Values.Length) != rows)
                throw new InvalidDataException($"{place}, column '{leaves[i].Field.Path}': expected {rows} rows, "
                    + $"got {_starts[i]?.Length ?? leaves[i].Values.Length}. The file is damaged: fetch it again.");
    }

    public string Name => _field.Name;

    /// <summary>The value of a row.</summary>
    public object? Value(int row)
    {
        var at = new int[_leaves.Length];
        for (var i = 0; i < at.Length; i++) at[i] = _starts[i]?[row] ?? row;
        var leaf = 0;
        return Take(_field, at, ref leaf);
    }

    /// <summary>Takes a field's next value: moves the places of its leaves on, and <paramref name="leaf"/> behind its last leaf.</summary>
    private object? Take(Field field, int[] at, ref int leaf)
    {
        switch (field)
        {
            case DataField { IsArray: true }:
                return TakeList(field, at, ref leaf, (places, first) => _leaves[first].Values[places[first]++]);
            case DataField:
                var own = leaf++;
                return _leaves[own].Values[at[own]++];
            case StructField record:
                if (Defined(at, leaf) < record.MaxDefinitionLevel) return Pass(at, ref leaf, ParquetColumns.Leaves(field).Count());
                var members = new Dictionary<string, object?>(StringComparer.Ordinal);
                foreach (var member in record.Fields) members.Add(member.Name, Take(member, at, ref leaf));
                return members;
            case ListField list:
                return TakeList(field, at, ref leaf, (places, first) =>
                {
                    var item = first;
                    return Take(list.Item, places, ref item);
                });
            default:
                throw new InvalidDataException($"Expected numbers, texts, bytes, structs and lists in column '{field.Path}', "
                    + "got something else.");
        }
    }

    private List<object?>? TakeList(Field field, int[] at, ref int leaf, Func<int[], int, object?> take)
    {
        var (first, count) = (leaf, ParquetColumns.Leaves(field).Count());
        var defined = Defined(at, first);
        if (defined < field.MaxDefinitionLevel)
        {
            Pass(at, ref leaf, count);
            // One level short of an element is a list without elements; less is no list, except where there cannot be none.
            return defined == field.MaxDefinitionLevel - 1 ? new List<object?>() : null;
        }
        var items = new List<object?>();
        do items.Add(take(at, first));
        while (_leaves[first].Repetition is { } levels && at[first] < levels.Length && levels[at[first]] == field.MaxRepetitionLevel);
        leaf = first + count;
        return items;
    }

    /// <summary>An entry that says no more than that something is not there.</summary>
    private static object? Pass(int[] at, ref int leaf, int leaves)
    {
        for (var i = 0; i < leaves; i++) at[leaf++]++;
        return null;
    }

    private int Defined(int[] at, int leaf) => _leaves[leaf].Definition is { } levels ? levels[at[leaf]] : int.MaxValue;
}
