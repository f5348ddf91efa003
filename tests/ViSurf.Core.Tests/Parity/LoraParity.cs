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
    public void Answer_logits_agree_to_2e_3_with_the_adapter_on_and_merging_keeps_them_to_1e_5_relative(string directory)
    {
        using var golden = new GoldenCase(BaseOf(directory), 0);
        using var outputs = SafeTensorsReader.Open(Fixtures.PathOf(directory, "golden.safetensors"));
        var expected = outputs.Read("case0.answer_logits").to(TestDevice.Value);
        // Which of the two roundings made the rotary tables: see ReferencePolicy.
        var (on, merged, unmerged) = new[] { true, false }.Select(rounded => Logits(directory, golden, rounded)).MinBy(l => Error(l.On, expected));
        Error(on, expected).Should().BeLessThan(2e-3f);
        Error(merged, expected).Should().BeLessThan(2e-3f);
        // Relative: float32 sums in another order differ by 1e-6 of logits that are O(10). LoraAdapterTests holds float64 to 1e-10.
        var limit = Tolerance.Of(1e-5f) * on.abs().max().item<float>();
        Error(merged, on).Should().BeLessThan(limit);
        Error(unmerged, on).Should().BeLessThan(limit);
    }

    [Theory, MemberData(nameof(Adapters))]
    public void The_adapter_matters(string directory)
    {
        using var golden = new GoldenCase(BaseOf(directory), 0);
        using var outputs = SafeTensorsReader.Open(Fixtures.PathOf(directory, "golden.safetensors"));
        (outputs.Read("case0.answer_logits").to(TestDevice.Value) - golden.Tensor("answer_logits")).abs().max().item<float>().Should().BeGreaterThan(0.02f);
    }

    [Theory, MemberData(nameof(Adapters))]
    public void A_saved_adapter_has_the_keys_shapes_dtypes_numbers_and_options_of_PEFTs(string directory)
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(BaseOf(directory)), TestDevice.Value);
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

    private static (Tensor On, Tensor Merged, Tensor Unmerged) Logits(string directory, GoldenCase golden, bool rounded)
    {
        using var policy = ReferencePolicy.Load(BaseOf(directory), rounded);
        using var adapter = LoraAdapter.Load(policy, Fixtures.PathOf(directory));
        var on = Forced.Logits(policy, golden);
        adapter.Merge();
        var merged = Forced.Logits(policy, golden);
        adapter.Unmerge();
        return (on, merged, Forced.Logits(policy, golden));
    }

    private static float Error(Tensor actual, Tensor expected) => (actual - expected).abs().max().item<float>();
}
