using System.Text.Json;
using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Parity;

/// <summary>Every PEFT directory under the fixture root, on the checkpoint it is named after, against PEFT's outputs.</summary>
public sealed class LoraParity : IDisposable
{
    private const string Suffix = "_lora";
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<string> Adapters()
        => [.. Directory.GetDirectories(Fixtures.Root).Order(StringComparer.Ordinal)
            .Where(d => File.Exists(Path.Combine(d, "adapter_config.json")) && d.EndsWith(Suffix, StringComparison.Ordinal)).Select(d => Path.GetFileName(d)!)];

    [Fact]
    public void There_are_adapters() => Adapters().Count.Should().BePositive();

    [Theory, MemberData(nameof(Adapters))]
    public void Answer_logits_agree_to_2e_3_with_the_adapter_on_and_after_merging(string directory)
    {
        using var golden = new GoldenCase(BaseOf(directory), 0);
        using var outputs = SafeTensorsReader.Open(Fixtures.PathOf(directory, "golden.safetensors"));
        var expected = outputs.Read("case0.answer_logits");
        // Which of the two roundings made the rotary tables: see Qwen25VlParity.
        Closest(rounded => Errors(directory, golden, expected, rounded)).Should().OnlyContain(error => error < 2e-3f);
    }

    [Theory, MemberData(nameof(Adapters))]
    public void The_adapter_matters(string directory)
    {
        using var golden = new GoldenCase(BaseOf(directory), 0);
        using var outputs = SafeTensorsReader.Open(Fixtures.PathOf(directory, "golden.safetensors"));
        (outputs.Read("case0.answer_logits") - golden.Tensor("answer_logits")).abs().max().item<float>().Should().BeGreaterThan(0.02f);
    }

    [Theory, MemberData(nameof(Adapters))]
    public void A_saved_adapter_has_the_keys_shapes_dtypes_numbers_and_options_of_PEFTs(string directory)
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(BaseOf(directory)));
        using var adapter = LoraAdapter.Load(policy, Fixtures.PathOf(directory));
        using var folder = new TemporaryDirectory();
        adapter.Save(folder.Path);
        using var theirs = SafeTensorsReader.Open(Fixtures.PathOf(directory, "adapter_model.safetensors"));
        using var ours = SafeTensorsReader.Open(folder.File("adapter_model.safetensors"));
        ours.Entries.Keys.Should().BeEquivalentTo(theirs.Entries.Keys);
        foreach (var (name, entry) in theirs.Entries)
        {
            ours.Entries[name].Shape.Should().Equal(entry.Shape);
            ours.Entries[name].Type.Should().Be(entry.Type);
            ours.Read(name).eq(theirs.Read(name)).all().item<bool>().Should().BeTrue(name);
        }
        using var reference = Fixtures.Json(directory, "adapter_config.json");
        using var written = JsonDocument.Parse(File.ReadAllBytes(folder.File("adapter_config.json")));
        written.RootElement.EnumerateObject().Select(p => p.Name).Should().BeEquivalentTo(reference.RootElement.EnumerateObject().Select(p => p.Name));
        // The version is that of whoever wrote the file; PEFT fills in its own for null.
        foreach (var option in reference.RootElement.EnumerateObject().Where(p => p.Name is not ("peft_version" or "auto_mapping")))
            JsonElement.DeepEquals(written.RootElement.GetProperty(option.Name), option.Value).Should().BeTrue(option.Name);
    }

    public void Dispose() => _scope.Dispose();

    private static string BaseOf(string adapter) => adapter[..^Suffix.Length];

    private static float[] Closest(Func<bool, float[]> errors) => new[] { true, false }.Select(errors).MinBy(e => e[0])!;

    private static float[] Errors(string directory, GoldenCase golden, Tensor expected, bool rounded)
    {
        var path = Fixtures.PathOf(BaseOf(directory));
        var config = QwenVlConfigReader.Read(path);
        using var policy = QwenVlPolicy.Load(path, config with { Text = config.Text with { RoundedRopeFrequencies = rounded } }, CPU, ScalarType.Float32);
        using var adapter = LoraAdapter.Load(policy, Fixtures.PathOf(directory));
        var on = Forced.Logits(policy, golden);
        adapter.Merge();
        var merged = Forced.Logits(policy, golden);
        return [(on - expected).abs().max().item<float>(), (merged - expected).abs().max().item<float>()];
    }
}
