using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Weights;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Support;

/// <summary>One case of a model's golden.safetensors as the library's own inputs; owns what it makes.</summary>
internal sealed class GoldenCase : IDisposable
{
    private readonly SafeTensorsReader _golden;
    private readonly int _index;

    public GoldenCase(string directory, int index)
    {
        (_golden, _index) = (SafeTensorsReader.Open(Fixtures.PathOf(directory, "golden.safetensors")), index);
        var ids = Longs("input_ids").Select(i => (int)i).ToArray();
        var length = (int)Longs("prompt_length")[0];
        (PromptIds, AnswerIds) = (ids[..length], ids[length..]);
        var grids = Has("image_grid_thw")
            ? Longs("image_grid_thw").Chunk(3).Select(g => new PatchGrid((int)g[0], (int)g[1], (int)g[2])).ToArray()
            : [];
        var example = VisionExample.Ask($"case{index}", "golden", null);
        Prompt = new EncodedPrompt(example, PromptIds, grids, grids.Length > 0 ? Stored("pixel_values") : null);
        Prompts = Collator.Prompts([Prompt]);
        Sequence = Collator.Sequences(Prompts, [(0, AnswerIds)]);
    }

    /// <summary>Number of cases of a directory.</summary>
    public static int Count(string directory)
    {
        using var json = Fixtures.Json(directory, "golden.json");
        return json.RootElement.GetProperty("cases").GetArrayLength();
    }

    public int[] PromptIds { get; }

    public int[] AnswerIds { get; }

    public EncodedPrompt Prompt { get; }

    public PromptBatch Prompts { get; }

    public SequenceBatch Sequence { get; }

    public bool Has(string name) => _golden.Entries.ContainsKey($"case{_index}.{name}");

    /// <summary>On the test device.</summary>
    public Tensor Tensor(string name)
    {
        var stored = Stored(name);
        if (TestDevice.IsCpu) return stored;
        using (stored) return stored.to(TestDevice.Value);
    }

    public long[] Longs(string name)
    {
        using var values = Stored(name);
        return values.data<long>().ToArray();
    }

    public float[] Floats(string name)
    {
        using var values = Stored(name);
        return values.to(ScalarType.Float32).data<float>().ToArray();
    }

    /// <summary>On the CPU, where an encoder leaves its pixels too.</summary>
    private Tensor Stored(string name) => _golden.Read($"case{_index}.{name}");

    public void Dispose()
    {
        Sequence.Dispose();
        Prompts.Dispose();
        Prompt.Dispose();
        _golden.Dispose();
    }
}
