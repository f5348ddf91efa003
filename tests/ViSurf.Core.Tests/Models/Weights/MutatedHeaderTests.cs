using System.Buffers.Binary;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.Weights;

/// <summary>
/// Real headers with bytes flipped, cut, doubled or numbers changed. A file either is refused, or what it yields is what its header
/// claims, checked by a second reading of the header: no crash, no hang, no wrong tensor.
/// </summary>
public sealed partial class MutatedHeaderTests : IDisposable
{
    private const int Mutations = 10_000;
    private static readonly string[] Types = ["F16", "F64", "U8", "BOOL", "F8", ""];
    private readonly TemporaryDirectory _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly byte[] _real = File.ReadAllBytes(Fixtures.PathOf("qwen2_5_vl_lora", "adapter_model.safetensors"));
    private int _opened;

    private delegate byte[] Mutation(byte[] file, int header);

    [Fact]
    public void Ten_thousand_mutations_of_a_real_header_are_refused_or_read_as_they_say()
    {
        var at = Gen.Int[0, 1_000_000];
        var mutation = Gen.OneOf(
            Gen.Select(at, Gen.Byte, (i, b) => (Mutation)((file, n) => With(file, 8 + i % n, b))),
            Gen.Select(at, Gen.Int[0, 7], (i, bit) => (Mutation)((file, n) => With(file, i % (8 + n), (byte)(file[i % (8 + n)] ^ (1 << bit))))),
            at.Select(i => (Mutation)((file, _) => file[..(i % file.Length)])),
            Gen.Select(at, Gen.Long, (i, value) => (Mutation)((file, n) => Header(file, n, text => Number(text, i, value.ToString(System.Globalization.CultureInfo.InvariantCulture))))),
            Gen.Select(at, Gen.Int[-4, 4], (i, by) => (Mutation)((file, n) => Header(file, n, text => Nudge(text, i, by)))),
            Gen.Select(at, at, (i, j) => (Mutation)((file, n) => Header(file, n, text => Swap(text, i, j)))),
            Gen.Select(at, Gen.Int[0, Types.Length - 1].Select(k => Types[k]), (i, name) => (Mutation)((file, n) => Header(file, n, text => Replace(DType().Matches(text), text, i, name)))),
            Gen.Select(at, at, (i, length) => (Mutation)((file, n) => Header(file, n, text => text.Insert(i % n, text.Substring(i % n, Math.Min(length % 40, text.Length - i % n)))))),
            Gen.Long.Select(length => (Mutation)((file, _) => Length(file, length))),
            Gen.Int[-9, 9].Select(by => (Mutation)((file, n) => Length(file, n + by))));
        var path = _folder.File("mutated.safetensors");
        mutation.Array[1, 3].Sample(mutations => Check(path, mutations), iter: Mutations, threads: 1);
        // Some mutations change nothing that matters (a name, a blank); without any, the second half of the promise would be untested.
        _opened.Should().BeGreaterThan(Mutations / 50);
    }

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    private void Check(string path, Mutation[] mutations)
    {
        var file = _real;
        foreach (var mutate in mutations)
        {
            var header = file.Length < 8 ? 0 : BinaryPrimitives.ReadInt64LittleEndian(file);
            if (header < 2 || header > file.Length - 8) break;
            file = mutate(file, (int)header);
        }
        File.WriteAllBytes(path, file);
        SafeTensorsReader reader;
        try
        {
            reader = SafeTensorsReader.Open(path);
        }
        catch (InvalidDataException e)
        {
            if (!e.Message.Contains(path, StringComparison.Ordinal)) throw new InvalidOperationException($"The file is not named in: {e.Message}");
            return;
        }
        using (reader) Compare(reader, file, _opened++);
    }

    /// <summary>By another path than the reader's: no offsets but the header's own. Every place is compared; of the tensors, every eighth is read, in turn.</summary>
    private static void Compare(SafeTensorsReader reader, byte[] file, int turn)
    {
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        var claims = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(file.AsSpan(8, length))!;
        claims.Remove("__metadata__");
        True(reader.Entries.Count == claims.Count && claims.Keys.All(reader.Entries.ContainsKey), "the names");
        var total = 0;
        foreach (var (name, claim) in claims)
        {
            var offsets = claim.GetProperty("data_offsets").Deserialize<int[]>()!;
            total += offsets[1] - offsets[0];
            var entry = reader.Entries[name];
            True(entry.Offset == 8 + length + offsets[0] && entry.Bytes == offsets[1] - offsets[0], name);
            if (turn++ % 8 != 0) continue;
            using var tensor = reader.Read(name);
            True(tensor.shape.SequenceEqual(claim.GetProperty("shape").Deserialize<long[]>()!), name);
            if (tensor.numel() == 0) continue;
            True(TestDevice.BytesOf(tensor).AsSpan().SequenceEqual(file.AsSpan(8 + length + offsets[0], offsets[1] - offsets[0])), name);
        }
        True(total == file.Length - 8 - length, "every byte belongs to one tensor");
    }

    /// <summary>Half a million times: FluentAssertions would take most of the time.</summary>
    private static void True(bool holds, string what)
    {
        if (!holds) throw new InvalidOperationException($"The file and what was read of it differ: {what}.");
    }

    private static byte[] With(byte[] file, int index, byte value)
    {
        var copy = file.ToArray();
        copy[index] = value;
        return copy;
    }

    private static byte[] Length(byte[] file, long length)
    {
        var copy = file.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(copy, length);
        return copy;
    }

    /// <summary>Another header of its own length before the same data.</summary>
    private static byte[] Header(byte[] file, int length, Func<string, string> change)
    {
        var header = System.Text.Encoding.Latin1.GetBytes(change(System.Text.Encoding.Latin1.GetString(file, 8, length)));
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
        return [.. prefix, .. header, .. file[(8 + length)..]];
    }

    private static string Number(string text, int which, string value) => Replace(Digits().Matches(text), text, which, value);

    private static string Nudge(string text, int which, int by)
        => Digits().Matches(text) is { Count: > 0 } found && long.TryParse(found[which % found.Count].Value, out var value) ? Number(text, which, $"{value + by}") : text;

    private static string Swap(string text, int first, int second)
    {
        var found = Digits().Matches(text);
        if (found.Count == 0) return text;
        var (a, b) = (found[first % found.Count], found[second % found.Count]);
        if (a.Index > b.Index) (a, b) = (b, a);
        return a.Index == b.Index ? text
            : text[..a.Index] + b.Value + text[(a.Index + a.Length)..b.Index] + a.Value + text[(b.Index + b.Length)..];
    }

    private static string Replace(MatchCollection found, string text, int which, string value)
        => found.Count == 0 ? text : string.Concat(text.AsSpan(0, found[which % found.Count].Index), value, text.AsSpan(found[which % found.Count].Index + found[which % found.Count].Length));

    [GeneratedRegex("(?<=[\\[,])\\d+")]
    private static partial Regex Digits();

    [GeneratedRegex("(?<=\"dtype\":\")\\w+")]
    private static partial Regex DType();
}
