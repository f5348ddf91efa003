using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TinyBase.Checkpoint;

/// <summary>
/// Random weights as a safetensors file with the published names, so that the untrained model is a checkpoint directory like any other.
/// Matrices are normal with the config's deviation, norms are 1, biases 0, as Hugging Face initialises them.
/// </summary>
internal static class FreshWeights
{
    /// <summary>Writes <c>model.safetensors</c> and returns the number of parameters.</summary>
    public static long Write(string folder, TinyConfig config, int vocabulary, int seed)
    {
        var tensors = Shapes(config, vocabulary).ToArray();
        var header = new JsonObject { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        long end = 0;
        foreach (var (name, shape) in tensors)
        {
            var start = end;
            end += Count(shape) * sizeof(float);
            header[name] = new JsonObject
            {
                ["dtype"] = "F32",
                ["shape"] = new JsonArray([.. shape.Select(n => JsonValue.Create(n))]),
                ["data_offsets"] = new JsonArray(start, end),
            };
        }
        var text = JsonSerializer.SerializeToUtf8Bytes(header);
        using var file = new BinaryWriter(File.Create(Path.Combine(folder, "model.safetensors")));
        file.Write((ulong)text.Length);
        file.Write(text);
        var random = new Random(seed);
        foreach (var (name, shape) in tensors) file.Write(Values(random, name, Count(shape), config.InitializerRange));
        return end / sizeof(float);
    }

    private static byte[] Values(Random random, string name, long count, double deviation)
    {
        var bytes = new byte[count * sizeof(float)];
        for (var i = 0; i < count; i++)
        {
            var value = name.EndsWith(".bias", StringComparison.Ordinal) ? 0
                : name.Contains("norm", StringComparison.Ordinal) || name.Contains("ln_q", StringComparison.Ordinal) ? 1
                : deviation * Normal(random);
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), (float)value);
        }
        return bytes;
    }

    /// <summary>Box–Muller.</summary>
    private static double Normal(Random random)
        => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static long Count(int[] shape) => shape.Aggregate(1L, (n, side) => n * side);

    private static IEnumerable<(string Name, int[] Shape)> Shapes(TinyConfig c, int vocabulary)
        => [.. Vision(c), .. Decoder(c, vocabulary)];

    private static IEnumerable<(string Name, int[] Shape)> Vision(TinyConfig c)
    {
        var (h, f, merged) = (c.VisionHidden, c.VisionIntermediate, c.VisionHidden * c.Merge * c.Merge);
        yield return ("visual.patch_embed.proj.weight", [h, 3, c.TemporalPatch, c.Patch, c.Patch]);
        for (var i = 0; i < c.VisionDepth; i++)
        {
            var block = $"visual.blocks.{i}.";
            yield return (block + "norm1.weight", [h]);
            yield return (block + "norm2.weight", [h]);
            foreach (var t in Linear(block + "attn.qkv", 3 * h, h, bias: true)) yield return t;
            foreach (var t in Linear(block + "attn.proj", h, h, bias: true)) yield return t;
            foreach (var t in Linear(block + "mlp.gate_proj", f, h, bias: true)) yield return t;
            foreach (var t in Linear(block + "mlp.up_proj", f, h, bias: true)) yield return t;
            foreach (var t in Linear(block + "mlp.down_proj", h, f, bias: true)) yield return t;
        }
        yield return ("visual.merger.ln_q.weight", [h]);
        foreach (var t in Linear("visual.merger.mlp.0", merged, merged, bias: true)) yield return t;
        foreach (var t in Linear("visual.merger.mlp.2", c.Hidden, merged, bias: true)) yield return t;
    }

    private static IEnumerable<(string Name, int[] Shape)> Decoder(TinyConfig c, int vocabulary)
    {
        var (h, f, keys) = (c.Hidden, c.Intermediate, c.Hidden / c.Heads * c.KeyValueHeads);
        yield return ("model.embed_tokens.weight", [vocabulary, h]);
        for (var i = 0; i < c.Layers; i++)
        {
            var layer = $"model.layers.{i}.";
            yield return (layer + "input_layernorm.weight", [h]);
            yield return (layer + "post_attention_layernorm.weight", [h]);
            foreach (var t in Linear(layer + "self_attn.q_proj", h, h, bias: true)) yield return t;
            foreach (var t in Linear(layer + "self_attn.k_proj", keys, h, bias: true)) yield return t;
            foreach (var t in Linear(layer + "self_attn.v_proj", keys, h, bias: true)) yield return t;
            foreach (var t in Linear(layer + "self_attn.o_proj", h, h, bias: false)) yield return t;
            foreach (var t in Linear(layer + "mlp.gate_proj", f, h, bias: false)) yield return t;
            foreach (var t in Linear(layer + "mlp.up_proj", f, h, bias: false)) yield return t;
            foreach (var t in Linear(layer + "mlp.down_proj", h, f, bias: false)) yield return t;
        }
        yield return ("model.norm.weight", [h]);
    }

    private static IEnumerable<(string Name, int[] Shape)> Linear(string name, int outputs, int inputs, bool bias)
    {
        yield return (name + ".weight", [outputs, inputs]);
        if (bias) yield return (name + ".bias", [outputs]);
    }
}
