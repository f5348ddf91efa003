using System.Text.Json;
using ViSurf.Core.Data;

namespace ViSurf.Core.Tests.Support;

/// <summary>Examples from a list, in the order of an <see cref="EpochCursor"/>.</summary>
internal sealed class ListStream(IReadOnlyList<VisionExample> rows, long seed = 0) : IExampleStream
{
    private EpochCursor _cursor = new(rows.Count, seed);

    public string Position
    {
        get => JsonSerializer.Serialize(_cursor.State);
        set => _cursor = new EpochCursor(rows.Count, JsonSerializer.Deserialize<EpochCursorState>(value)!);
    }

    public IReadOnlyList<VisionExample> Next(int count) => [.. _cursor.Next(count).Select(i => rows[i])];
}
