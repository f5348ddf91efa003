using System.Buffers.Binary;
using System.Text.Json;
using ViSurf.Core.Fuzz.Making;
using ViSurf.Core.Models.Weights;
using static TorchSharp.torch;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>Weight files: a header that was changed is refused, or what is read of it is what it claims, by a second reading.</summary>
internal sealed class SafeTensorsSurface : ISurface
{
    private const string Path = "changed.safetensors";
    private static readonly string[] Types = ["F16", "F32", "F64", "BF16", "U8", "I64", "BOOL", "F8_E4M3", "", "f32", new('F', 100_000)];
    private readonly byte[] _real = Fixture.Bytes("qwen2_5_vl_lora", "adapter_model.safetensors");

    public void Try(Attempt attempt)
    {
        var file = Make(attempt.Dice);
        attempt.Count();
        attempt.Note(Path, file);
        File.WriteAllBytes(Path, file);
        attempt.Refusable(() =>
        {
            using var reader = SafeTensorsReader.Open(Path);
            Compare(reader, file, attempt.Dice);
        }, Path);
    }

    public void Dispose()
    {
    }

    private byte[] Make(Dice dice)
    {
        if (dice.Once(3)) return Bytes.Changed(dice, _real);
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(_real);
        var text = System.Text.Encoding.UTF8.GetString(_real, 8, length);
        var header = dice.Once(5)
            ? System.Text.Encoding.UTF8.GetBytes(text.Replace("\"F32\"", JsonSerializer.Serialize(dice.Of(Types)),
                StringComparison.Ordinal))
            : Json.Changed(dice, text);
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix,
            dice.Once(20) ? dice.Long() : header.Length + (dice.Once(20) ? dice.Below(9) - 4 : 0));
        return [.. prefix, .. header, .. _real.AsSpan(8 + length)];
    }

    /// <summary>By another path than the reader's: no offsets but the header's own. Two tensors are read.</summary>
    private static void Compare(SafeTensorsReader reader, byte[] file, Dice dice)
    {
        using var scope = NewDisposeScope();
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        var claims = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(file.AsSpan(8, length))!;
        claims.Remove("__metadata__");
        Attempt.Expect(reader.Entries.Count == claims.Count && claims.Keys.All(reader.Entries.ContainsKey),
            "other names than the header's");
        Attempt.Expect(claims.Values.Sum(c => Offsets(c)[1] - Offsets(c)[0]) == file.Length - 8 - length,
            "bytes that belong to no tensor, or to two");
        if (claims.Count == 0) return;
        for (var i = 0; i < 2; i++)
        {
            var (name, claim) = claims.ElementAt(dice.Below(claims.Count));
            var read = reader.Read(name);
            Attempt.Expect(read.shape.SequenceEqual(claim.GetProperty("shape").Deserialize<long[]>()!), $"another shape of {name}");
            var offsets = Offsets(claim);
            Attempt.Expect(read.numel() == 0 || read.bytes.SequenceEqual(file.AsSpan(8 + length + offsets[0], offsets[1] - offsets[0])),
                $"other bytes of {name}");
        }
    }

    private static int[] Offsets(JsonElement claim) => claim.GetProperty("data_offsets").Deserialize<int[]>()!;
}
