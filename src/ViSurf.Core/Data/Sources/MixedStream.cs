using System.Text.Json.Nodes;
using ViSurf.Core.Common;

namespace ViSurf.Core.Data.Sources;

/// <summary>A stream that takes part in a mix.</summary>
/// <param name="Name">Goes before the id of its examples (<c>name/id</c>), which are unique in their own data set only, and into <see cref="VisionExample.Source"/> where that says nothing else.</param>
/// <param name="Stream">The stream; moved by the mix alone.</param>
/// <param name="Weight">Its share of the draws, relative to the other weights; greater than 0.</param>
public sealed record WeightedStream(string Name, IExampleStream Stream, double Weight);

/// <summary>
/// Several streams by weight: every example is drawn from one of them, by chance, independently of the draws before. Which one is a function
/// of (seed, number of the draw), so a mix that goes on draws as one that did not stop.
/// </summary>
/// <remarks>Shares hold on average, not in every batch. Each stream has its own epochs, so a small one with a large weight comes round more often.</remarks>
public sealed class MixedStream : IExampleStream
{
    private readonly long _seed;
    private readonly IReadOnlyList<WeightedStream> _streams;
    private readonly double _total;
    private long _drawn;

    /// <param name="seed">Root of the draws.</param>
    /// <param name="streams">At least one, with different names.</param>
    /// <exception cref="ArgumentException">There is none, a name is blank or occurs twice, or a weight is not a positive number.</exception>
    public MixedStream(long seed, params IReadOnlyList<WeightedStream> streams)
    {
        (_seed, _streams) = (seed, Guard.NotNull(streams));
        if (streams.Count == 0) throw new ArgumentException("Expected at least one stream, got none.", nameof(streams));
        foreach (var stream in streams)
        {
            Guard.NotBlank(stream.Name);
            Guard.NotNull(stream.Stream);
            if (!double.IsFinite(stream.Weight) || stream.Weight <= 0)
                throw new ArgumentException($"Expected a weight > 0 for stream '{stream.Name}', got {stream.Weight}. Leave out what should not be drawn.", nameof(streams));
        }
        if (streams.Select(s => s.Name).Distinct(StringComparer.Ordinal).Count() < streams.Count)
            throw new ArgumentException($"Expected streams with different names, got {string.Join(", ", streams.Select(s => $"'{s.Name}'"))}.", nameof(streams));
        _total = streams.Sum(s => s.Weight);
    }

    /// <inheritdoc/>
    public string Position
    {
        get => PositionText.Write(Own(), new JsonObject { ["drawn"] = _drawn, ["positions"] = new JsonArray([.. _streams.Select(s => JsonValue.Create(s.Stream.Position))]) });
        set
        {
            var read = PositionText.Read(value, Own());
            var drawn = PositionText.Number(read, "drawn", long.MaxValue);
            if (read["positions"] is not JsonArray positions || positions.Count != _streams.Count || positions.Any(p => p is not JsonValue v || !v.TryGetValue(out string? _)))
                throw new InvalidDataException($"Expected the positions of {_streams.Count} streams, "
                    + $"got {PositionText.Quoted(read["positions"]) ?? "none"}.");
            var before = _streams.Select(s => s.Stream.Position).ToArray();
            try
            {
                for (var i = 0; i < _streams.Count; i++) _streams[i].Stream.Position = positions[i]!.GetValue<string>();
            }
            catch
            {
                for (var i = 0; i < _streams.Count; i++) _streams[i].Stream.Position = before[i];
                throw;
            }
            _drawn = drawn;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<VisionExample> Next(int count)
    {
        var examples = new VisionExample[Guard.NotNegative(count)];
        var (drawn, before) = (_drawn, _streams.Select(s => s.Stream.Position).ToArray());
        try
        {
            for (var i = 0; i < count; i++) examples[i] = Draw();
            return examples;
        }
        catch
        {
            for (var i = 0; i < _streams.Count; i++) _streams[i].Stream.Position = before[i];
            _drawn = drawn;
            throw;
        }
    }

    private VisionExample Draw()
    {
        var at = SeedStream.Uniform(_seed, _drawn++, SeedStream.Key("mix of streams"), 0, 0) * _total;
        var i = 0;
        // The last one also gets what rounding leaves over.
        while (i < _streams.Count - 1 && (at -= _streams[i].Weight) >= 0) i++;
        var example = _streams[i].Stream.Next(1)[0];
        return example with { Id = $"{_streams[i].Name}/{example.Id}", Source = example.Source ?? _streams[i].Name };
    }

    private JsonObject Own() => new()
    {
        ["stream"] = "mixed", ["seed"] = _seed,
        ["names"] = new JsonArray([.. _streams.Select(s => JsonValue.Create(s.Name))]),
        ["weights"] = new JsonArray([.. _streams.Select(s => JsonValue.Create(s.Weight))]),
    };
}
