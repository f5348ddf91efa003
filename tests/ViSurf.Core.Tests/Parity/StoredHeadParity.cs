using System.Text.Json;
using System.Text.Json.Nodes;
using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Parity;

/// <summary>
/// A tied checkpoint that holds a head of its own all the same (huggingface/transformers#45127, huggingface/peft#2972), and adapters on
/// the head (unslothai/unsloth#9331), against transformers' and PEFT's log-probabilities.
/// </summary>
public sealed class StoredHeadParity : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<string> Heads => [.. Cases.Of("06-")];

    public static TheoryData<string> Adapters => [.. Cases.Of("35-")];

    [Theory, MemberData(nameof(Heads))]
    public void A_head_that_differs_from_the_embedding_is_kept_at_load_and_at_save(string folder)
    {
        using var json = Cases.Json(folder, "expected.json");
        using var checkpoint = WithTensors(Cases.Base(json.RootElement), Directory.GetFiles(Cases.PathOf(folder), "*.safetensors"));
        using var saved = new TemporaryDirectory();
        using (var policy = QwenVlPolicy.Load(checkpoint.Path, TestDevice.Value))
        {
            policy.Config.TiedHead.Should().BeFalse();
            Error(policy, json.RootElement).Should().BeLessThan(1e-3);
            policy.Save(saved.File("sharded"), new SaveOptions { MaxShardBytes = 300_000 });
        }

        // Both versions of transformers: 5 reads the flag at the root, 4 in text_config where there is one.
        var config = JsonNode.Parse(File.ReadAllText(saved.File("sharded/config.json")))!.AsObject();
        config["tie_word_embeddings"]!.GetValue<bool>().Should().BeFalse();
        if (config["text_config"] is JsonObject text) text["tie_word_embeddings"]!.GetValue<bool>().Should().BeFalse();
        using var again = QwenVlPolicy.Load(saved.File("sharded"), TestDevice.Value);
        Error(again, json.RootElement).Should().BeLessThan(1e-3);
    }

    [Theory, MemberData(nameof(Adapters))]
    public void An_adapter_on_the_head_is_read_with_the_base_weight_that_PEFT_stores_beside_it(string folder)
    {
        using var json = Cases.Json(folder, "expected.json");
        using var policy = QwenVlPolicy.Load(Cases.Base(json.RootElement), TestDevice.Value);
        using var adapter = LoraAdapter.Load(policy, Cases.PathOf(folder, "adapter"));
        Error(policy, json.RootElement).Should().BeLessThan(1e-3);
        adapter.Merge();
        Error(policy, json.RootElement).Should().BeLessThan(1e-3);
    }

    public void Dispose() => _scope.Dispose();

    private static double Error(QwenVlPolicy policy, JsonElement expected)
    {
        using var noGrad = no_grad();
        int[] Ids(string name) => [.. expected.GetProperty(name).EnumerateArray().Select(i => i.GetInt32())];
        using var prompt = new EncodedPrompt(VisionExample.Ask("case", "?", null), Ids("prompt_ids"), [], null);
        using var prompts = Collator.Prompts([prompt]);
        using var sequence = Collator.Sequences(prompts, [(0, Ids("answer_ids"))]);
        var right = tensor(expected.GetProperty("log_probs_right").EnumerateArray().Select(p => p.GetSingle()).ToArray());
        return (policy.Score(sequence).LogProbs.flatten() - right).abs().max().item<float>();
    }

    private static TemporaryDirectory WithTensors(string directory, IEnumerable<string> files)
    {
        var copy = TemporaryDirectory.CopyOf(directory);
        using var scope = NewDisposeScope();
        using var checkpoint = CheckpointReader.Open(directory);
        var tensors = checkpoint.Names.Select(name => (name, checkpoint.Read(name))).ToList();
        foreach (var file in files)
        {
            using var reader = SafeTensorsReader.Open(file);
            tensors.AddRange(reader.Entries.Keys.Select(name => (name, reader.Read(name))));
        }
        foreach (var old in Directory.GetFiles(copy.Path, "*.safetensors*")) File.Delete(old);
        CheckpointWriter.Write(copy.Path, tensors);
        return copy;
    }
}
